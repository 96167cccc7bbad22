#include "client/commands/key/order.h"

static SG_MUST_USE enum sg_status check(const struct command *command,
                                        const struct words *words,
                                        struct key_order *order, struct sg_error *why)
{
    if (words->count != 1) {
        return sg_fail(why, SG_INVALID,
                       "name one key: segel %s KEY --reason TEXT; 'segel key list' shows "
                       "them",
                       command->name);
    }
    TRY(options_need(&command->options, order, "reason", why));
    TRY(approval_language(order->lang, &order->indonesian, why));
    if (order->request_id == NULL) {
        TRY(approval_make_id(order->made, why));
        order->request_id = order->made;
    }
    return SG_OK;
}

enum exit_code key_order_run(const struct command *command, const struct home *home,
                             struct words *words, struct key_order *options,
                             key_order_work *work)
{
    struct sg_error why = {0};

    options->lang = "en";
    if (command_parse(command, words, options) != EXIT_WELL) {
        return EXIT_USAGE;
    }
    enum sg_status status = check(command, words, options, &why);
    if (status == SG_OK) {
        status = work(home, words->at[0], options, &why);
    }
    return status == SG_OK ? EXIT_WELL : command_failed(status, &why);
}
