// What a cart must be after the commands that were acknowledged: the answers are compared with this.
// Pure: knows nothing of k6, so that any JavaScript engine can test it. Only one writer at a time may use a cart.
//
// k6's engine is an interpreter, in which to parse a view and to look at each field costs more than the shop needs to
// serve it. So an answer is first compared as text with what a right one looks like in the usual order of fields;
// one that is not the same is taken apart, and may still be right.

/** Differences between two objects over some fields, each as `prefix.field is x, not y`. */
function differences(prefix, found, wanted) {
    return Object.keys(wanted)
        .filter((field) => found[field] !== wanted[field])
        .map((field) => `${prefix}.${field} is ${JSON.stringify(found[field])}, not ${JSON.stringify(wanted[field])}`);
}

export class ExpectedCart {
    constructor(id, version = 0) {
        this.id = id;
        this.version = version;
        this.lines = new Map(); // in the order first added, as views have them
        this.linesText = undefined; // of all of them in a view, until one changes
    }

    /** One acknowledged add: the line's quantity grows, the newest name and price stand. */
    add({ productId, productName, price, quantity }) {
        const line = this.lines.get(productId) || { productId, quantity: 0 };
        this.lines.set(productId, { ...line, productName, price, quantity: line.quantity + quantity });
        this.version += 1;
        this.linesText = undefined;
    }

    quantityOf(productId) {
        return this.lines.has(productId) ? this.lines.get(productId).quantity : 0;
    }

    totals() {
        let totalQuantity = 0;
        let total = 0;
        for (const { price, quantity } of this.lines.values()) {
            totalQuantity += quantity;
            total += price * quantity;
        }
        return { totalQuantity, total };
    }

    /** Lines with the totals that stand behind them. */
    textOf(lines) {
        const { totalQuantity, total } = this.totals();
        return `"items":${JSON.stringify(lines)},"totalQuantity":${totalQuantity},"total":${total},`;
    }

    looksLikeAnswer(text, touched) {
        const lines = touched.map((productId) => {
            const { price, quantity } = this.lines.get(productId);
            return { productId, quantity, price, lineTotal: price * quantity };
        });
        const head = `{"cartId":"${this.id}","version":${this.version},"position":`;
        return text.startsWith(head) && text.includes(this.textOf(lines));
    }

    looksLikeView(text, status = 'open') {
        if (this.linesText === undefined) {
            const lines = Array.from(this.lines.values(), ({ productId, productName, price, quantity }) => ({
                productId,
                productName,
                price,
                quantity,
                lineTotal: price * quantity,
            }));
            this.linesText = this.textOf(lines);
        }
        return (
            text.startsWith(`{"cartId":"${this.id}",`) &&
            text.includes(`"version":${this.version},"status":"${status}","currency":`) &&
            text.includes(this.linesText)
        );
    }

    /** What is wrong with a list of lines; products are those that it must have, in their order. */
    wrongLines(items, products) {
        if (!Array.isArray(items) || items.length !== products.length) {
            return [`items are ${JSON.stringify(items)}, not ${products.join(', ')}`];
        }
        return products.flatMap((productId, index) => {
            const { price, quantity } = this.lines.get(productId);
            return differences(`items[${index}]`, items[index], {
                productId,
                price,
                quantity,
                lineTotal: price * quantity,
            });
        });
    }

    /** What is wrong with a command's answer: versions, totals, the lines that it touched. */
    wrongAnswer(body, touched) {
        const wanted = { cartId: this.id, version: this.version, ...this.totals() };
        return [...differences('answer', body, wanted), ...this.wrongLines(body.items, touched)];
    }

    /** What is wrong with a view: as above, with all lines and their names. */
    wrongView(body, status = 'open') {
        const wanted = { cartId: this.id, version: this.version, status, ...this.totals() };
        const products = [...this.lines.keys()];
        const wrong = [...differences('view', body, wanted), ...this.wrongLines(body.items, products)];
        return wrong.length > 0
            ? wrong
            : products.flatMap((productId, index) =>
                  differences(`items[${index}]`, body.items[index], {
                      productName: this.lines.get(productId).productName,
                  }),
              );
    }
}
