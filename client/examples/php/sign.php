<?php
/* One letter in three steps from PHP: segel prepare, the gateway's Sign, segel embed.
 *
 *   mkdir -p gen
 *   protoc -I PROTO --php_out=gen segel/v1/common.proto segel/v1/signing.proto
 *   GEN=gen php sign.php HOME KEY CLASS APPROVAL ID LETTER.pdf SIGNED.pdf
 *
 * PROTO is the folder of the .proto files: /usr/share/segel/proto of the package libsegel-dev,
 * /usr/local/share/segel/proto after `make install`.
 * HOME is the client's folder: gateway, ca.pem, cert.pem, key.pem. ID is the request id: after
 * a crash, run the same again with the job file that is there, and nothing is signed twice.
 * Packages: php-cli, php-curl, php-google-protobuf. There is no php-grpc in Debian: a unary
 * call of gRPC is one POST over HTTP/2, which curl does. SEGEL names the program, if it is not
 * in PATH. */
declare(strict_types=1);

use Segel\V1\HashAlgorithm;
use Segel\V1\SignatureProfile;
use Segel\V1\SignItem;
use Segel\V1\SignRequest;
use Segel\V1\SignResponse;
use Segel\V1\SignTerms;

/* Generated classes, and the library's in PHP's own path. */
set_include_path(getenv('GEN') . PATH_SEPARATOR . get_include_path());
spl_autoload_register(function (string $class): void {
    $path = stream_resolve_include_path(str_replace('\\', '/', $class) . '.php');
    if ($path !== false) {
        require $path;
    }
});

/* Runs the program without a shell; what it wrote. */
function segel(array $words): string
{
    $pipes = [];
    $process = proc_open([getenv('SEGEL') ?: 'segel', ...$words], [1 => ['pipe', 'w']], $pipes);
    $text = stream_get_contents($pipes[1]);
    if (proc_close($process) !== 0) {
        throw new RuntimeException("segel $words[0] failed");
    }
    return $text;
}

function prepare(string $home, string $key, string $id, string $letter, string $signed): array
{
    $path = "$signed.job.json";
    if (!file_exists($path)) {
        $job = segel(['--home', $home, 'prepare', '--key', $key, '--id', $id,
            '--rect', '40,30,260,60', '-o', "$signed.prepared", $letter]);
        file_put_contents("$path.part", $job);
        rename("$path.part", $path);
    }
    return json_decode(file_get_contents($path), true, 4, JSON_THROW_ON_ERROR);
}

function request(array $job, string $class, string $approval): SignRequest
{
    $terms = new SignTerms([
        'key' => $job['key'],
        'profile' => SignatureProfile::value('SIGNATURE_PROFILE_' . strtoupper($job['profile'])),
        'hash_algorithm' => HashAlgorithm::value('HASH_ALGORITHM_' . strtoupper($job['hash'])),
        'document_class' => $class,
        'approval_ref' => $approval,
        'notice_shown' => $job['notice_shown'],
        'content_type' => 'application/pdf',
        'language' => 'en',
    ]);
    $item = new SignItem(['request_id' => $job['request_id'], 'digest' => hex2bin($job['digest'])]);
    return new SignRequest(['terms' => $terms, 'item' => $item]);
}

/* One unary call: five bytes (0, and the length) before each message; the status comes in the
 * trailers, which curl gives to the same function as the headers. */
function call(string $home, string $method, string $message): string
{
    $status = ['grpc-status' => '2', 'grpc-message' => 'no answer'];
    $curl = curl_init('https://' . trim(file_get_contents("$home/gateway")) . "/$method");
    curl_setopt_array($curl, [
        CURLOPT_HTTP_VERSION => CURL_HTTP_VERSION_2TLS,
        CURLOPT_CAINFO => "$home/ca.pem",
        CURLOPT_SSLCERT => "$home/cert.pem",
        CURLOPT_SSLKEY => "$home/key.pem",
        CURLOPT_PROTOCOLS => CURLPROTO_HTTPS,
        CURLOPT_POSTFIELDS => pack('CN', 0, strlen($message)) . $message,
        CURLOPT_HTTPHEADER => ['content-type: application/grpc', 'te: trailers', 'expect:',
            'grpc-timeout: 30S'],
        CURLOPT_TIMEOUT => 35,
        CURLOPT_RETURNTRANSFER => true,
        CURLOPT_HEADERFUNCTION => function ($curl, string $line) use (&$status): int {
            [$name, $value] = explode(':', $line, 2) + [1 => ''];
            $status[strtolower($name)] = rawurldecode(trim($value));
            return strlen($line);
        },
    ]);
    $answer = curl_exec($curl);
    if ($answer === false) {
        throw new RuntimeException(curl_error($curl));
    }
    if ($status['grpc-status'] !== '0') {
        throw new RuntimeException("gRPC status {$status['grpc-status']}: {$status['grpc-message']}");
    }
    $prefix = unpack('Cpacked/Nlen', $answer);
    if ($prefix['packed'] !== 0 || strlen($answer) !== 5 + $prefix['len']) {
        throw new RuntimeException('the answer is not one message');
    }
    return substr($answer, 5);
}

[, $home, $key, $class, $approval, $id, $letter, $signed] = $argv;
try {
    $job = prepare($home, $key, $id, $letter, $signed);
    $response = new SignResponse();
    $response->mergeFromString(call($home, 'segel.v1.SigningService/Sign',
        request($job, $class, $approval)->serializeToString()));
    $result = $response->getResult();
    file_put_contents("$signed.p7s", $result->getSignature());
    segel(['embed', '--job', "$signed.job.json", '--cms', "$signed.p7s", '-o', $signed]);
    echo "$signed: decision {$result->getDecisionId()}, log index {$result->getLog()->getIndex()}\n";
    array_map('unlink', ["$signed.job.json", "$signed.prepared", "$signed.p7s"]);
} catch (Throwable $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
