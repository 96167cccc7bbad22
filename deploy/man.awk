# What a program says with --help, as a manual page (man(7)). Set: name, section, summary,
# version. Lines with a colon at their end are headings; entries stand two columns in, what
# they mean behind two spaces or further in; examples stay as they are.
function plain(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    return text ~ /^[.']/ ? "\\&" text : text
}
function close_block() {
    if (verbatim) print ".EE"
    verbatim = 0
}
function heading(title) {
    close_block()
    print ".SH " toupper(title)
    told = title
    entries = 0
}
function describe() {
    if (told == "Description" || told == "Notes") return
    heading(described++ ? "Notes" : "Description")
}
function as_it_is(text) {
    if (!verbatim) print ".PP\n.EX"
    verbatim = 1
    print plain(text)
}
function entry(text,    tag) {
    close_block()
    tag = text
    if (match(text, /[^ ]  +[^ ]/)) {
        tag = substr(text, 1, RSTART)
        text = substr(text, RSTART + RLENGTH - 1)
        if (match(text, /^[A-Z|]+  +/)) { # its value stands in a column of its own
            tag = tag " " substr(text, 1, match(text, / /) - 1)
            sub(/^[^ ]+ +/, "", text)
        }
    } else {
        text = ""
    }
    gsub(/"/, "\\(dq", tag)
    print ".TP\n.B " plain(tag)
    if (text != "") print plain(text)
    entries = 1
}
BEGIN {
    print ".TH " toupper(name) " " section " \"\" \"Segel " version "\" Segel"
    print ".SH NAME\n" name " \\- " plain(summary)
}
NR == 1 { next }
/^Usage: / || /^  or:  / {
    if (told != "Synopsis") heading("Synopsis")
    as_it_is(substr($0, 8))
    next
}
/^$/ { close_block(); entries = 0; blank = 1; next }
/^[^ ].*:$/ && length($0) < 40 { heading(substr($0, 1, length($0) - 1)); blank = 0; next }
/^  / && told == "Examples" { as_it_is(substr($0, 3)); next }
/^  [^ ]/ && told !~ /^(|Synopsis|Description|Notes)$/ {
    entry(substr($0, 3)); blank = 0; next
}
/^  [^ ]/ && told == "" { heading("Synopsis") }
/^  [^ ]/ && told == "Synopsis" && NR > 2 && /[^ ]  +[^ ]/ && !/^  [a-z-]+ [a-z]/ { heading("Options") }
/^  [^ ]/ && (told == "Synopsis" || told == "Options") { entry(substr($0, 3)); blank = 0; next }
/^   +[^ ]/ && entries { sub(/^ +/, ""); print plain($0); next }
/^ / { describe(); as_it_is($0); blank = 0; next }
{
    describe()
    if (blank || verbatim) {
        close_block()
        print ".PP"
    }
    blank = 0
    print plain($0)
}
END { close_block() }
