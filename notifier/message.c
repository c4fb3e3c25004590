/* A notice as a message.
 * Owner: notifier. Thread: any.
 */
#include "notifier/message.h"

#include <stdlib.h>

#include "base/memory.h"
#include "notifier/locale.h"

/* Formatted texts stand in one buffer; values point into it once it is complete. */
struct formatting {
    struct buf bytes;
    const struct locale *locale;
    struct slice currency;
};

struct span {
    size_t at, length;
};

static struct span put_money(struct formatting *to, int64_t minor)
{
    size_t at = to->bytes.len;
    locale_money(to->locale, minor, to->currency, &to->bytes);
    return (struct span){at, to->bytes.len - at};
}

static struct span put_int(struct formatting *to, int64_t value)
{
    size_t at = to->bytes.len;
    buf_int(&to->bytes, value);
    return (struct span){at, to->bytes.len - at};
}

static struct span put_moment(struct formatting *to, int64_t local_us,
                              void (*put)(const struct locale *, int64_t, struct buf *))
{
    size_t at = to->bytes.len;
    put(to->locale, local_us, &to->bytes);
    return (struct span){at, to->bytes.len - at};
}

static struct slice text_at(const struct formatting *from, struct span span)
{
    return (struct slice){from->bytes.data + span.at, span.length};
}

struct line_spans {
    struct span quantity, price, total;
};

static struct template_value *make_items(const struct notice *notice, struct formatting *texts,
                                         const struct line_spans *spans)
{
    struct template_value *items =
        mem_calloc(notice->line_count * ITEM_VALUE_COUNT + 1, sizeof(items[0]));
    for (size_t i = 0; i < notice->line_count; i++) {
        struct template_value *item = items + i * ITEM_VALUE_COUNT;
        item[ITEM_NAME].text = notice->lines[i].name;
        item[ITEM_QUANTITY].text = text_at(texts, spans[i].quantity);
        item[ITEM_PRICE].text = text_at(texts, spans[i].price);
        item[ITEM_TOTAL].text = text_at(texts, spans[i].total);
    }
    return items;
}

static struct line_spans *put_lines(const struct notice *notice, struct formatting *texts)
{
    struct line_spans *spans = mem_calloc(notice->line_count + 1, sizeof(spans[0]));
    for (size_t i = 0; i < notice->line_count; i++) {
        spans[i].quantity = put_int(texts, notice->lines[i].quantity);
        spans[i].price = put_money(texts, notice->lines[i].price_minor);
        spans[i].total = put_money(texts, notice->lines[i].total_minor);
    }
    return spans;
}

static int render_part(const struct template_set *set, enum kind kind, const char *locale,
                       enum part part, const struct template_value *values, struct error *err,
                       struct buf *out)
{
    const struct template *template = template_set_part(set, kind, locale, part);
    buf_clear(out);
    return template == NULL ? 0 : template_render(template, values, err, out);
}

static int render_channel(const struct template_set *set, enum kind kind, const char *locale,
                          enum channel channel, const struct template_value *values,
                          struct error *err, struct message *message)
{
    if (channel == CHANNEL_EMAIL)
        return render_part(set, kind, locale, PART_SUBJECT, values, err, &message->subject) != 0 ||
                       render_part(set, kind, locale, PART_TXT, values, err, &message->text) != 0 ||
                       render_part(set, kind, locale, PART_HTML, values, err, &message->html) != 0
                   ? -1
                   : 0;
    if (render_part(set, kind, locale, PART_SMS, values, err, &message->sms) != 0)
        return -1;
    while (message->sms.len > 0 && message->sms.data[message->sms.len - 1] == '\n')
        message->sms.len--;
    if (message->sms.len == 0 || message->sms.len > SMS_BYTES_MAX)
        return error_set(err, ERROR_PERMANENT, "an SMS has 1 to %d bytes, this one has %zu",
                         SMS_BYTES_MAX, message->sms.len);
    return 0;
}

/* Numbers follow the reader's region when the words are in the reader's language. */
static const struct locale *number_locale(struct slice wanted, const char *words)
{
    const struct locale *locale = locale_find(wanted);
    return strncmp(locale_tag(locale), words, 2) == 0 ? locale : locale_find(slice_of(words));
}

int message_render(const struct template_set *set, const struct notice *notice,
                   enum channel channel, struct error *err, struct message *message)
{
    const char *words = template_set_locale(set, notice->kind, notice->locale);
    struct formatting texts = {.locale = number_locale(notice->locale, words),
                               .currency = notice->currency};
    struct span date = put_moment(&texts, notice->local_us, locale_date);
    struct span time = put_moment(&texts, notice->local_us, locale_time);
    struct span amount = put_money(&texts, notice->amount_minor);
    struct span count = put_int(&texts, notice->item_count);
    struct line_spans *spans = put_lines(notice, &texts);
    struct template_value *items = make_items(notice, &texts, spans);
    const struct template_value values[VALUE_COUNT] = {
        [VALUE_SHOP_NAME] = {.text = notice->shop_name},
        [VALUE_ORDER_ID] = {.text = notice->order_id},
        [VALUE_DATE] = {.text = text_at(&texts, date)},
        [VALUE_TIME] = {.text = text_at(&texts, time)},
        [VALUE_AMOUNT] = {.text = text_at(&texts, amount)},
        [VALUE_ITEM_COUNT] = {.text = text_at(&texts, count)},
        [VALUE_ITEMS] = {.items = items, .count = notice->line_count, .stride = ITEM_VALUE_COUNT},
        [VALUE_CART_URL] = {.text = notice->cart_url},
        [VALUE_UNSUBSCRIBE_URL] = {.text = notice->unsubscribe_url},
    };
    int rc = render_channel(set, notice->kind, words, channel, values, err, message);
    free(items);
    free(spans);
    buf_free(&texts.bytes);
    return rc;
}

void message_free(struct message *message)
{
    buf_free(&message->subject);
    buf_free(&message->text);
    buf_free(&message->html);
    buf_free(&message->sms);
}
