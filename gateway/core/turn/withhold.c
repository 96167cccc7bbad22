#include "gateway/core/turn/withhold.h"

#include <stdio.h>
#include <string.h>

#include "gateway/core/turn/nik.h"

/* Length of a JSON value: a text, or a list of texts. Quotes in texts are escaped. */
static size_t value_len(const char *value)
{
    bool inside = false;
    bool listed = value[0] == '[';
    size_t len = 0;

    for (; value[len] != '\0'; len++) {
        if (inside && value[len] == '\\' && value[len + 1] != '\0') {
            len++;
        } else if (value[len] == '"') {
            inside = !inside;
        } else if (!inside && value[len] == ']') {
            listed = false;
        } else if (!inside && !listed && value[len] == ',') {
            break;
        }
    }
    return len;
}

/* Of the facts, a caller chooses these alone; another may have a long number of its own.
 * A name between quotes, with a colon, stands in no text: quotes in texts are escaped. */
static void mask_fact(char *facts, enum fact fact)
{
    char name[64];

    (void)snprintf(name, sizeof(name), "\"%s\":", fact_name(fact));
    char *value = strstr(facts, name);
    if (value != NULL) {
        value += strlen(name);
        char *end = value + value_len(value);
        char behind = *end;
        *end = '\0';
        nik_mask(value);
        *end = behind;
    }
}

static void mask_facts(struct job *job)
{
    MUST(job->facts_len < sizeof(job->facts)); /* without its brace */
    job->facts[job->facts_len] = '\0';
    mask_fact(job->facts, FACT_ID_job_content_type);
    mask_fact(job->facts, FACT_ID_job_meta_keys);
}

void withhold_job(struct job *job)
{
    nik_mask(job->approval_ref);
    nik_mask(job->batch);
    nik_mask(job->mandate);
    nik_mask(job->document_class);
    nik_mask(job->why); /* it may name the mandate */
    for (size_t i = 0; job->denial != NULL && i < job->denial->count; i++) {
        char *found = job->denial->failures[i].why.found;
        nik_mask_cut(found, sizeof(job->denial->failures[i].why.found));
    }
    mask_facts(job);
}
