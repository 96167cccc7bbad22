#include "client/console/command.h"

#include "client/console/screen.h"

enum exit_code command_parse(const struct command *command, struct words *words,
                             void *out)
{
    struct sg_error why = {0};

    if (options_parse(&command->options, words, out, &why) == SG_OK) {
        return EXIT_WELL;
    }
    screen_complain(why.text);
    return EXIT_USAGE;
}

/* A gRPC refusal means that the gateway works and said no; UNAVAILABLE, a lost connection
 * or a fault means that it does not. */
static const struct {
    enum sg_status status;
    enum exit_code code;
} codes[] = {
    {SG_INVALID, EXIT_USAGE},          {SG_NOT_FOUND, EXIT_REFUSED},
    {SG_CONFLICT, EXIT_REFUSED},       {SG_DENIED, EXIT_REFUSED},
    {SG_PRECONDITION, EXIT_REFUSED},   {SG_CORRUPT, EXIT_REFUSED},
    {SG_UNAUTHENTICATED, EXIT_BROKEN},
};

enum exit_code command_failed(enum sg_status status, const struct sg_error *why)
{
    screen_complain(why->text[0] != '\0' ? why->text : sg_status_text(status));
    for (size_t i = 0; i < SG_COUNT(codes); i++) {
        if (codes[i].status == status) {
            return codes[i].code;
        }
    }
    return EXIT_BROKEN;
}
