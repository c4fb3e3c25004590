// Calls of cart-api on a cart of which we know what it must be (expected_cart.js).

import { sleep } from 'k6';

import { SHOPPER, call, judge, nowMs } from './calls.js';

const API = __ENV.CART_API_URL;
const VISIBLE_DEADLINE_MS = 10000;

export const PRODUCTS = Array.from({ length: 10 }, (_, index) => ({
    productId: `k6-product-${index}`,
    productName: `Product "${index}" — für k6`,
    price: 199 + 1000 * index,
    quantity: 1,
}));

/** Versions are ETags. */
function wrongTag(response, version) {
    const tag = response.headers.Etag;
    return tag === `"${version}"` ? [] : [`ETag is ${tag} at version ${version}`];
}

/** Adds items, all or nothing; false when it is not known what the cart is now. */
export function addItems(cart, items, caller = SHOPPER) {
    const fields = items.length === 1 ? items[0] : { items };
    const { response, document } = call('POST items', 'POST', `${API}/api/cart/${cart.id}/items`, {
        body: { ...(caller.userId ? { userId: caller.userId } : {}), ...fields },
        statuses: [cart.version === 0 ? 201 : 200],
        caller,
    });
    if (document === undefined) {
        return false;
    }
    items.forEach((item) => cart.add(item));
    const products = items.map((item) => item.productId);
    return judge('POST items', [...cart.wrongAnswer(document, products), ...wrongTag(response, cart.version)]);
}

/** Reads the view; own: with what its writer knows, however far the projection is. */
export function readView(cart, { own = false, status = 'open', caller = SHOPPER } = {}) {
    const name = own ? 'GET view with minVersion' : 'GET view';
    const query = own ? `?minVersion=${cart.version}` : '';
    const url = `${API}/api/cart/view/${cart.id}${query}`;
    const { response, document } = call(name, 'GET', url, { statuses: [200], caller });
    if (document === undefined) {
        return false;
    }
    return judge(name, [...cart.wrongView(document, status), ...wrongTag(response, cart.version)]);
}

/** Reads until the view has the cart's version: how many milliseconds that took, undefined when it never had. */
export function untilVisible(cart) {
    const name = 'GET view, watching';
    const since = nowMs();
    while (nowMs() - since < VISIBLE_DEADLINE_MS) {
        const { document } = call(name, 'GET', `${API}/api/cart/view/${cart.id}`, { statuses: [200] });
        if (document === undefined) {
            return undefined;
        }
        if (document.version >= cart.version) {
            const waitedMs = nowMs() - since;
            return judge(name, cart.wrongView(document)) ? waitedMs : undefined;
        }
        sleep(0.002);
    }
    judge(name, [`version ${cart.version} of ${cart.id} is not visible after ${VISIBLE_DEADLINE_MS} ms`]);
    return undefined;
}
