#include <criterion/criterion.h>
#include <string.h>

#include "hsm/token/object.h"

/* What a token says of a key's period: a date, none, or something that is no date. */

static struct slice shown;
static CK_RV failure; /* CKR_OK: it answers */
static CK_ULONG says; /* of the length; 0 = what it is */

static CK_RV get_attribute(CK_SESSION_HANDLE session, CK_OBJECT_HANDLE object,
                           CK_ATTRIBUTE *attribute, CK_ULONG count)
{
    (void)session;
    (void)object;
    cr_assert_eq(count, 1);
    if (failure != CKR_OK || says != 0) {
        attribute->ulValueLen = says;
        return failure;
    }
    if (shown.data == NULL || attribute->ulValueLen < shown.len) {
        attribute->ulValueLen = CK_UNAVAILABLE_INFORMATION;
        return shown.data == NULL ? CKR_ATTRIBUTE_TYPE_INVALID : CKR_BUFFER_TOO_SMALL;
    }
    memcpy(attribute->pValue, shown.data, shown.len);
    attribute->ulValueLen = shown.len;
    return CKR_OK;
}

static void told(struct slice bytes, const char *wanted)
{
    static CK_FUNCTION_LIST list = {.C_GetAttributeValue = get_attribute};
    const struct object object = {.reach = {.fn = &list}};
    char date[9] = "unset";

    shown = bytes;
    (void)object_date(object, CKA_END_DATE, date);
    cr_expect_str_eq(date, wanted);
}

static void answered(CK_RV rv, CK_ULONG len, const char *wanted)
{
    failure = rv;
    says = len;
    told(slice_of(NULL, 0), wanted);
}

#define BYTES(text) slice_of(text, sizeof(text) - 1)

Test(dates, a_date_is_told_as_it_is)
{
    told(BYTES("20270201"), "20270201");
    told(BYTES("20270230"), "20270230"); /* the gateway knows the calendar */
}

Test(dates, what_was_never_set_is_none)
{
    told(slice_of(NULL, 0), "");
    told(BYTES(""), "");
    told(BYTES("\0\0\0\0\0\0\0\0"), "");
    told(BYTES("        "), "");
    told(BYTES("00000000"), "");
    told(BYTES("\0"), "");
    told(BYTES("          "), "");
    answered(CKR_ATTRIBUTE_TYPE_INVALID, CK_UNAVAILABLE_INFORMATION, "");
    answered(CKR_ATTRIBUTE_SENSITIVE, CK_UNAVAILABLE_INFORMATION, "");
    answered(CKR_OK, CK_UNAVAILABLE_INFORMATION, "");
}

Test(dates, what_is_there_and_is_no_date_is_told_apart)
{
    told(BYTES("2027-2-1"), OBJECT_NO_DATE);
    told(BYTES("202702"), OBJECT_NO_DATE);
    told(BYTES("\xff\xff\xff\xff\xff\xff\xff\xff"), OBJECT_NO_DATE);
    told(BYTES("2027\0\0\0\0"), OBJECT_NO_DATE);
}

Test(dates, a_date_of_more_bytes_is_no_date)
{
    told(BYTES("2027-02-01"), OBJECT_NO_DATE);
    told(BYTES("20270201\0"), OBJECT_NO_DATE);
    told(BYTES("2027-02-01T00:00:00Z"), OBJECT_NO_DATE);
    answered(CKR_OK, 20, OBJECT_NO_DATE);
}

Test(dates, what_the_module_fails_to_read_may_be_an_end)
{
    answered(CKR_DEVICE_ERROR, 8, OBJECT_NO_DATE);
    answered(CKR_SESSION_HANDLE_INVALID, CK_UNAVAILABLE_INFORMATION, OBJECT_NO_DATE);
}
