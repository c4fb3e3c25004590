// Whole ways through the shop: a guest's cart, merged into a shopper's, checked out, cleared by fraud, charged by
// billing, invoiced. RATE journeys a second for DURATION, whatever the answers do.

import http from 'k6/http';
import { sleep } from 'k6';
import { Trend } from 'k6/metrics';

import { SHOPPER, call, judge, newId, nowMs } from './k6-lib/calls.js';
import { PRODUCTS, addItems, readView } from './k6-lib/cart_calls.js';
import { ExpectedCart } from './k6-lib/expected_cart.js';
import { constantRate, number, seconds, thresholds } from './k6-lib/settings.js';

const API = __ENV.CART_API_URL;
const WAIT_MS = 30000;
const POLL_S = 0.1;
const OK_OR_NOT_YET = http.expectedStatuses(200, 404);

const paidAfter = new Trend('checkout_to_paid', true);

export const options = {
    scenarios: { shoppers: constantRate('journey', number('RATE', 5), seconds('DURATION', '60s')) },
    thresholds: thresholds({
        'http_req_duration{name:POST checkout}': ['p(95)<250'],
        checkout_to_paid: ['p(95)<5000'],
        dropped_iterations: ['count==0'],
    }),
};

function shopper() {
    return SHOPPER.token ? SHOPPER : { userId: newId('shopper') };
}

function named(caller) {
    return caller.userId ? { userId: caller.userId } : {};
}

/** A guest's cart with two lines: what is expected of it, and the guest. */
function fillGuestCart() {
    const { document } = call('POST cart', 'POST', `${API}/api/cart`, { body: {}, statuses: [201], caller: {} });
    if (document === undefined) {
        return {};
    }
    const cart = new ExpectedCart(document.cartId, document.version);
    const guest = { token: document.guestToken, userId: 'guest' };
    return addItems(cart, PRODUCTS.slice(0, 2), guest) ? { cart, guest } : {};
}

/** The guest's lines come into the shopper's cart as one change. */
function merge(cart, from, guest, caller) {
    const { document } = call('POST merge', 'POST', `${API}/api/cart/${cart.id}/merge`, {
        body: { from: from.id, guestToken: guest.token, ...named(caller) },
        statuses: [200],
        caller,
    });
    if (document === undefined) {
        return false;
    }
    const version = cart.version + 1;
    from.lines.forEach((line) => cart.add(line));
    cart.version = version;
    return judge('POST merge', [
        ...cart.wrongView(document),
        ...(document.mergedFrom === from.id ? [] : [`mergedFrom is ${document.mergedFrom}`]),
    ]);
}

/** The same request again must be given the same order, and make no second one. */
function checkOut(cart, caller) {
    const request = {
        body: {
            paymentToken: 'tok_success',
            contact: { email: `${cart.id}@k6.example`, locale: 'en-US' },
            ...named(caller),
        },
        statuses: [202],
        caller,
        headers: { 'Idempotency-Key': cart.id },
    };
    const url = `${API}/api/cart/${cart.id}/checkout`;
    const { document: order } = call('POST checkout', 'POST', url, request);
    const { response, document: again } = call('POST checkout again', 'POST', url, request);
    if (order === undefined || again === undefined) {
        return undefined;
    }
    cart.version += 1;
    const replayed = response.headers['Idempotent-Replayed'];
    const right =
        judge('POST checkout', cart.wrongView(order, 'checked_out')) &&
        judge('POST checkout again', [
            ...(again.orderId === order.orderId ? [] : [`another order: ${again.orderId}`]),
            ...(replayed === 'true' ? [] : [`Idempotent-Replayed is ${replayed}`]),
        ]);
    return right ? order : undefined;
}

/** Asks until the document is what is waited for; undefined when that has never come. */
function until(name, url, caller, reached) {
    const since = nowMs();
    let last;
    while (nowMs() - since < WAIT_MS) {
        const statuses = [200, 404];
        const { response, document } = call(name, 'GET', url, { statuses, caller, callback: OK_OR_NOT_YET });
        if (document === undefined) {
            return undefined;
        }
        if (response.status === 200 && reached(document)) {
            return document;
        }
        last = document;
        sleep(POLL_S);
    }
    judge(name, [`not reached within ${WAIT_MS} ms: ${JSON.stringify(last)}`]);
    return undefined;
}

function wrongMoney(order, { orderId, currency, amount, total, cartId }) {
    const wanted = `${order.cartId} ${order.orderId} ${order.total} ${order.currency}`;
    const found = `${cartId} ${orderId} ${amount === undefined ? total : amount} ${currency}`;
    return found === wanted ? [] : [`${found}, not ${wanted}`];
}

export function journey() {
    const caller = shopper();
    const { cart: guestCart, guest } = fillGuestCart();
    const cart = new ExpectedCart(newId('j'));
    if (guestCart === undefined || !addItems(cart, PRODUCTS.slice(1, 4), caller)) {
        return;
    }
    if (!merge(cart, guestCart, guest, caller) || !readView(cart, { own: true, caller })) {
        return;
    }
    const order = checkOut(cart, caller);
    if (order === undefined) {
        return;
    }
    const since = nowMs();
    const verdictUrl = `${__ENV.FRAUD_URL}/api/fraud/verdicts/${cart.id}`;
    const verdict = until('GET verdict', verdictUrl, caller, ({ verdict: word }) => word !== null && word !== undefined);
    const paymentUrl = `${__ENV.BILLING_URL}/api/payments/${cart.id}`;
    const payment = verdict && until('GET payment', paymentUrl, caller, ({ status }) => status === 'captured');
    if (payment === undefined) {
        return;
    }
    paidAfter.add(nowMs() - since);
    const { document: invoice } = call('GET invoice', 'GET', `${paymentUrl}/invoice`, { statuses: [200], caller });
    judge('GET verdict', verdict.verdict === 'cleared' ? [] : [JSON.stringify(verdict)]);
    judge('GET payment', wrongMoney(order, payment));
    if (invoice !== undefined) {
        judge('GET invoice', [...wrongMoney(order, invoice), ...cart.wrongLines(invoice.items, [...cart.lines.keys()])]);
    }
}
