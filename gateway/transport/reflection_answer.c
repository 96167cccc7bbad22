#include "gateway/transport/reflection_answer.h"

#define CASE(name)                                                                       \
    GRPC__REFLECTION__V1__SERVER_REFLECTION_RESPONSE__MESSAGE_RESPONSE_##name

static void answer_error(struct reflection_turn *turn, enum sg_status status,
                         const char *text)
{
    Grpc__Reflection__V1__ErrorResponse *error = &turn->part.error;

    grpc__reflection__v1__error_response__init(error);
    error->error_code = sg_status_grpc(status);
    error->error_message = (char *)sg_unconst(text);
    turn->response.error_response = error;
    turn->response.message_response_case = CASE(ERROR_RESPONSE);
}

static ProtobufCBinaryData file_bytes(const struct reflection *reflection, size_t file)
{
    struct slice bytes = reflection->set.files[file].bytes;

    return (ProtobufCBinaryData){.len = bytes.len,
                                 .data = (uint8_t *)sg_unconst(bytes.data)};
}

/* The file itself always, what it imports once a stream. */
static void answer_file(struct reflection_turn *turn, size_t file)
{
    const struct reflection *reflection = turn->reflection;
    Grpc__Reflection__V1__FileDescriptorResponse *files = &turn->part.files;
    uint64_t itself = UINT64_C(1) << file;
    uint64_t others = reflection->set.files[file].needs & ~*turn->sent & ~itself;

    grpc__reflection__v1__file_descriptor_response__init(files);
    files->file_descriptor_proto = turn->room.files;
    turn->room.files[files->n_file_descriptor_proto++] = file_bytes(reflection, file);
    for (size_t i = 0; i < reflection->set.count; i++) {
        if ((others >> i & 1) != 0) {
            turn->room.files[files->n_file_descriptor_proto++] =
                file_bytes(reflection, i);
        }
    }
    *turn->sent |= others | itself;
    turn->response.file_descriptor_response = files;
    turn->response.message_response_case = CASE(FILE_DESCRIPTOR_RESPONSE);
}

static void by_filename(struct reflection_turn *turn)
{
    size_t file = 0;

    if (descriptors_file(&turn->reflection->set,
                         slice_str(turn->request->file_by_filename), &file) == SG_OK) {
        answer_file(turn, file);
    } else {
        answer_error(turn, SG_NOT_FOUND,
                     "there is no file of this name; a name is the path that an import "
                     "would give");
    }
}

static void by_symbol(struct reflection_turn *turn)
{
    struct descriptor_place place;

    if (descriptors_symbol(&turn->reflection->set,
                           slice_str(turn->request->file_containing_symbol),
                           &place) == SG_OK) {
        answer_file(turn, place.file);
    } else {
        answer_error(turn, SG_NOT_FOUND,
                     "nothing of this name is declared; a name is full and has no dot in "
                     "front");
    }
}

static bool is_message(const struct reflection_turn *turn, struct slice type)
{
    struct descriptor_place place;

    return descriptors_symbol(&turn->reflection->set, type, &place) == SG_OK &&
           place.kind == DESCRIPTOR_MESSAGE;
}

static void by_extension(struct reflection_turn *turn)
{
    const Grpc__Reflection__V1__ExtensionRequest *asked =
        turn->request->file_containing_extension;
    struct slice type = slice_str(asked->containing_type);
    size_t file = 0;

    if (!is_message(turn, type)) {
        answer_error(turn, SG_NOT_FOUND, "there is no message of this name");
    } else if (descriptors_extension(&turn->reflection->set, type,
                                     asked->extension_number, &file) != SG_OK) {
        answer_error(turn, SG_NOT_FOUND, "no field of this number extends the message");
    } else {
        answer_file(turn, file);
    }
}

static void extension_numbers(struct reflection_turn *turn)
{
    Grpc__Reflection__V1__ExtensionNumberResponse *numbers = &turn->part.numbers;
    char *type = turn->request->all_extension_numbers_of_type;

    if (!is_message(turn, slice_str(type))) {
        answer_error(turn, SG_NOT_FOUND, "there is no message of this name");
        return;
    }
    grpc__reflection__v1__extension_number_response__init(numbers);
    numbers->base_type_name = type;
    numbers->extension_number = turn->room.numbers;
    numbers->n_extension_number =
        descriptors_extension_numbers(&turn->reflection->set, slice_str(type),
                                      turn->room.numbers, REFLECTION_NUMBERS_MAX);
    turn->response.all_extension_numbers_response = numbers;
    turn->response.message_response_case = CASE(ALL_EXTENSION_NUMBERS_RESPONSE);
}

static void list_services(struct reflection_turn *turn)
{
    const struct reflection *reflection = turn->reflection;
    Grpc__Reflection__V1__ListServiceResponse *services = &turn->part.services;

    grpc__reflection__v1__list_service_response__init(services);
    for (size_t i = 0; i < reflection->service_count; i++) {
        Grpc__Reflection__V1__ServiceResponse *row = &turn->room.services.rows[i];
        grpc__reflection__v1__service_response__init(row);
        row->name = (char *)sg_unconst(reflection->services[i]);
        turn->room.services.list[i] = row;
    }
    services->service = turn->room.services.list;
    services->n_service = reflection->service_count;
    turn->response.list_services_response = services;
    turn->response.message_response_case = CASE(LIST_SERVICES_RESPONSE);
}

/* What may be asked, by the number of its field in the oneof. */
static const struct {
    unsigned field;
    void (*answer)(struct reflection_turn *turn);
} questions[] = {
    {3, by_filename},       {4, by_symbol},     {5, by_extension},
    {6, extension_numbers}, {7, list_services},
};

void reflection_answer(struct reflection_turn *turn)
{
    grpc__reflection__v1__server_reflection_response__init(&turn->response);
    turn->response.valid_host = turn->request->host;
    turn->response.original_request =
        (Grpc__Reflection__V1__ServerReflectionRequest *)sg_unconst(turn->request);
    for (size_t i = 0; i < SG_COUNT(questions); i++) {
        if (questions[i].field == (unsigned)turn->request->message_request_case) {
            questions[i].answer(turn);
            return;
        }
    }
    answer_error(turn, SG_UNSUPPORTED, "the request asks nothing that is known here");
}
