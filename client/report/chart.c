#include <inttypes.h>

#include "client/report/html.h"

/* Sizes in units of the picture. Colours are apart in lightness too, so that a print in
 * grey still tells them apart. */
enum {
    WIDTH = 960,
    PLOT_LEFT = 70,
    PLOT_TOP = 14,
    PLOT_HEIGHT = 240,
    PLOT_RIGHT = 10,
    LEGEND_LINE = 20,
    STEPS = 4,
    BAR_LINE = 24,
    BAR_LEFT = 330,
    BAR_RIGHT = 90
};
static const char *const colours[CHART_SERIES] = {
    "#12304a", "#3f7cac", "#9cc5e0", "#8a6d1d", "#d9b44a", "#6b8f71", "#b9c0c8"};

static void put_number(const struct paper *paper, uint64_t number)
{
    char text[VALUE_SIZE];
    struct value value = value_count(number);

    value_say(paper, &value, text);
    html_text(paper->out, text);
}

static void open_picture(const struct paper *paper, enum phrase title, unsigned height)
{
    (void)fputs("<figure><figcaption>", paper->out);
    html_phrase(paper, title);
    (void)fprintf(paper->out,
                  "</figcaption>\n<svg role=\"img\" viewBox=\"0 0 %d %u\" width=\"%d\" "
                  "height=\"%u\" font-family=\"'DejaVu Sans',Verdana,Arial,sans-serif\" "
                  "font-size=\"11\" fill=\"#1b1f24\" aria-label=\"",
                  WIDTH, height, WIDTH, height);
    html_phrase(paper, title);
    (void)fputs("\">\n", paper->out);
}

static void shut_picture(const struct paper *paper)
{
    (void)fputs("</svg></figure>\n", paper->out);
}

/* The lowest round number for the top of the grid that is not below most. */
static uint64_t scale_of(uint64_t most)
{
    static const uint64_t tenths[] = {10, 15, 20, 25, 30, 40, 50, 75};

    for (uint64_t power = 1; power <= UINT64_MAX / 10000; power *= 10) {
        for (size_t i = 0; i < SG_COUNT(tenths); i++) {
            uint64_t step = power * tenths[i] / 10;
            if (step * 10 == power * tenths[i] && step * STEPS >= most) {
                return step * STEPS;
            }
        }
    }
    return UINT64_MAX / STEPS * STEPS;
}

static double part(uint64_t count, uint64_t scale, unsigned length)
{
    return (double)count / (double)scale * length;
}

/* --- Stacked by month -------------------------------------------------------------- */

static uint64_t month_total(const struct stack_chart *chart, size_t month)
{
    uint64_t total = 0;

    for (size_t i = 0; i < chart->series_count; i++) {
        total += chart->counts[i][month];
    }
    return total;
}

static void put_grid(const struct paper *paper, uint64_t scale)
{
    for (unsigned i = 0; i <= STEPS; i++) {
        unsigned y = PLOT_TOP + PLOT_HEIGHT - PLOT_HEIGHT * i / STEPS;
        (void)fprintf(paper->out,
                      "<line x1=\"%d\" x2=\"%d\" y1=\"%u\" y2=\"%u\" stroke=\"%s\"/>"
                      "<text x=\"%d\" y=\"%u\" text-anchor=\"end\">",
                      PLOT_LEFT, WIDTH - PLOT_RIGHT, y, y, i == 0 ? "#1b1f24" : "#d5dbe1",
                      PLOT_LEFT - 8, y + 4);
        put_number(paper, scale / STEPS * i);
        (void)fputs("</text>\n", paper->out);
    }
}

static void put_piece(const struct paper *paper, const struct stack_chart *chart,
                      size_t series, uint64_t count)
{
    (void)fputs("<title>", paper->out);
    html_text(paper->out, chart->labels[series].text);
    (void)fputs(": ", paper->out);
    put_number(paper, count);
    (void)fputs("</title></rect>", paper->out);
}

static void put_column(const struct paper *paper, const struct stack_chart *chart,
                       size_t month, uint64_t scale)
{
    double step = (double)(WIDTH - PLOT_LEFT - PLOT_RIGHT) / (double)chart->months;
    double width = step * 0.7 < 60 ? step * 0.7 : 60;
    double x = PLOT_LEFT + step * (double)month + (step - width) / 2;
    double y = PLOT_TOP + PLOT_HEIGHT;

    for (size_t i = 0; i < chart->series_count; i++) {
        uint64_t count = chart->counts[i][month];
        double height = part(count, scale, PLOT_HEIGHT);
        if (count == 0) {
            continue;
        }
        y -= height;
        (void)fprintf(paper->out,
                      "<rect x=\"%.1f\" y=\"%.2f\" width=\"%.1f\" height=\"%.2f\" "
                      "fill=\"%s\">",
                      x, y, width, height, colours[i]);
        put_piece(paper, chart, i, count);
    }
    (void)fputc('\n', paper->out);
}

static void put_month(const struct paper *paper, const struct stack_chart *chart,
                      size_t month)
{
    double step = (double)(WIDTH - PLOT_LEFT - PLOT_RIGHT) / (double)chart->months;
    struct value value =
        value_number(VALUE_MONTH, (int64_t)chart->first_month + (int64_t)month);
    char text[VALUE_SIZE];

    if (chart->months > 24 && (chart->first_month + month) % 12 != 0) {
        return;
    }
    value_say(paper, &value, text);
    if (chart->months > 13 && chart->months <= 24) {
        text[3] = '\0'; /* the name of the month alone */
    }
    (void)fprintf(paper->out, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">",
                  PLOT_LEFT + step * ((double)month + 0.5), PLOT_TOP + PLOT_HEIGHT + 18);
    html_text(paper->out, text);
    (void)fputs("</text>\n", paper->out);
}

static void put_legend(const struct paper *paper, const struct stack_chart *chart)
{
    for (size_t i = 0; i < chart->series_count; i++) {
        int y = PLOT_TOP + PLOT_HEIGHT + 34 + LEGEND_LINE * (int)i;
        (void)fprintf(paper->out,
                      "<rect x=\"%d\" y=\"%d\" width=\"12\" height=\"12\" "
                      "fill=\"%s\"/><text x=\"%d\" y=\"%d\">",
                      PLOT_LEFT, y, colours[i], PLOT_LEFT + 20, y + 10);
        html_text(paper->out, chart->labels[i].text);
        (void)fputs("</text>\n", paper->out);
    }
}

void html_stack(struct paper *paper, const struct stack_chart *chart)
{
    uint64_t most = 0;

    for (size_t i = 0; i < chart->months; i++) {
        uint64_t total = month_total(chart, i);
        most = total > most ? total : most;
    }
    if (most == 0) {
        return; /* the table below says so */
    }
    uint64_t scale = scale_of(most);
    open_picture(paper, chart->title,
                 PLOT_TOP + PLOT_HEIGHT + 40 +
                     LEGEND_LINE * (unsigned)chart->series_count);
    put_grid(paper, scale);
    for (size_t i = 0; i < chart->months; i++) {
        put_column(paper, chart, i, scale);
        put_month(paper, chart, i);
    }
    put_legend(paper, chart);
    shut_picture(paper);
}

/* --- Bars -------------------------------------------------------------------------- */

void html_bars(struct paper *paper, const struct bar_chart *chart)
{
    uint64_t most = 0;

    for (size_t i = 0; i < chart->count; i++) {
        most = chart->counts[i] > most ? chart->counts[i] : most;
    }
    if (most == 0) {
        return;
    }
    open_picture(paper, chart->title, 8 + BAR_LINE * (unsigned)chart->count);
    for (size_t i = 0; i < chart->count; i++) {
        int y = 4 + BAR_LINE * (int)i;
        double width = part(chart->counts[i], most, WIDTH - BAR_LEFT - BAR_RIGHT);
        (void)fprintf(paper->out, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">",
                      BAR_LEFT - 10, y + 14);
        html_text(paper->out, chart->labels[i].text);
        (void)fprintf(paper->out,
                      "</text><rect x=\"%d\" y=\"%d\" width=\"%.2f\" height=\"16\" "
                      "fill=\"%s\"/><text x=\"%.1f\" y=\"%d\">",
                      BAR_LEFT, y + 2, width, colours[1], BAR_LEFT + width + 8, y + 14);
        put_number(paper, chart->counts[i]);
        (void)fputs("</text>\n", paper->out);
    }
    shut_picture(paper);
}
