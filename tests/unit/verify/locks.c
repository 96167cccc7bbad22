/* Fields that whoever signed before locked (FieldMDP): no later signature may come into
 * them. */
#include <stdio.h>

#include <criterion/criterion.h>

#include "tests/unit/verify/support/revisions.h"

TestSuite(verify_locks, .init = revisions_begin, .fini = revisions_end);

/* Longer than what a change tells of it. */
#define LONG "a-name-of-a-field-that-is-as-long-as-what-a-change-tells-of-it-and-more"

/* The first revision locks fields, and its empty field has this name. */
static void lock(const char *fields, const char *name)
{
    char words[160];

    (void)snprintf(words, sizeof(words), "(%s)", name);
    const struct update objects[] = {
        {VALUE, revisions_certifying("/FieldMDP", fields)},
        {EMPTY_FIELD, revisions_altered(EMPTY_FIELD, "(kosong)", words)}};
    revisions_begin_with(objects, SG_COUNT(objects));
}

static void sign(const char *name)
{
    char words[160];

    (void)snprintf(words, sizeof(words), "/V 21 0 R /T (%s)", name);
    const struct update objects[] = {
        {EMPTY_FIELD, revisions_altered(EMPTY_FIELD, "/T (kosong)", words)},
        {21, revisions_covering("/Type /Sig")}};
    revisions_update(objects, SG_COUNT(objects));
}

Test(verify_locks, no_signature_may_come_into_a_field_that_is_locked)
{
    lock("/Action /Include /Fields [(kosong)]", "kosong");
    sign("kosong");
    revisions_expect(PDF_CHANGE_CERTIFIED, "kosong");
    lock("/Action /Exclude /Fields [(nama)]", "kosong");
    sign("kosong");
    revisions_expect(PDF_CHANGE_CERTIFIED, "kosong");
}

Test(verify_locks, a_signature_may_come_into_a_field_that_is_not_locked)
{
    lock("/Action /Include /Fields [(nama)]", "kosong");
    sign("kosong");
    revisions_expect(PDF_CHANGE_SIGNATURE, "kosong");
}

/* What is told of a name is cut; what is asked is not. */
Test(verify_locks, a_lock_is_asked_by_the_whole_name)
{
    lock("/Action /Include /Fields [(" LONG "-1)]", LONG "-1");
    sign(LONG "-1");
    revisions_expect(PDF_CHANGE_CERTIFIED, "a-name-of-a-field");
    lock("/Action /Include /Fields [(" LONG "-1)]", LONG "-2");
    sign(LONG "-2");
    revisions_expect(PDF_CHANGE_SIGNATURE, "a-name-of-a-field");
}

/* The field above is named, and all below it are locked. */
Test(verify_locks, a_lock_holds_for_the_fields_below)
{
    const struct update objects[] = {
        {VALUE, revisions_certifying("/FieldMDP", "/Action /Include /Fields [(surat)]")},
        {EMPTY_FIELD, revisions_altered(EMPTY_FIELD, "/T", "/Parent 20 0 R /T")},
        {FORM, revisions_altered(FORM, "9 0 R", "20 0 R")},
        {20, "<< /T (surat) /Kids [9 0 R] >>"}};

    revisions_begin_with(objects, SG_COUNT(objects));
    const struct update more[] = {
        {EMPTY_FIELD,
         revisions_altered(EMPTY_FIELD, "/T", "/V 21 0 R /Parent 20 0 R /T")},
        {21, revisions_covering("/Type /Sig")}};
    revisions_update(more, SG_COUNT(more));
    revisions_expect(PDF_CHANGE_CERTIFIED, "kosong");
}

/* It is what keeps the letter that is locked. */
Test(verify_locks, a_time_stamp_may_come_to_a_letter_that_is_locked)
{
    lock("/Action /All", "kosong");
    revisions_sign(revisions_covering("/Type /Sig"));
    revisions_expect(PDF_CHANGE_CERTIFIED, "baru");
    revisions_sign(revisions_covering("/Type /DocTimeStamp /SubFilter /ETSI.RFC3161"));
    revisions_expect(PDF_CHANGE_TIME_STAMP, "baru");
}
