#ifndef SEGEL_CLIENT_REPORT_HTML_H
#define SEGEL_CLIENT_REPORT_HTML_H

#include "client/report/paper.h"

/* Inside of paper_html.c and chart.c. */

/* With everything escaped that means something to HTML, in texts and in attributes. */
void html_text(FILE *out, const char *text);
void html_phrase(const struct paper *paper, enum phrase phrase);
/* Pictures as inline SVG, each with a title and a description for who does not see it. */
void html_stack(struct paper *paper, const struct stack_chart *chart);
void html_bars(struct paper *paper, const struct bar_chart *chart);

#endif
