// Calls of cart-api on a cart of which we know what it must be (expected_cart.js).

import { sleep } from 'k6';

import { SHOPPER, judge, nowMs, send } from './calls.js';

const API = __ENV.CART_API_URL;
const VISIBLE_DEADLINE_MS = 30000;

export const PRODUCTS = Array.from({ length: 10 }, (_, index) => ({
    productId: `k6-product-${index}`,
    productName: `Product "${index}" — für k6`,
    price: 199 + 1000 * index,
    quantity: 1,
}));

/** Versions are ETags. */
function versionOf(response) {
    return Number((response.headers.Etag || '').replaceAll('"', ''));
}

function wrongTag(response, version) {
    return versionOf(response) === version ? [] : [`ETag is ${response.headers.Etag} at version ${version}`];
}

/** Adds items, all or nothing; false when it is not known what the cart is now. */
export function addItems(cart, items, caller = SHOPPER) {
    const fields = items.length === 1 ? items[0] : { items };
    const response = send('POST items', 'POST', `${API}/api/cart/${cart.id}/items`, {
        body: { ...(caller.userId ? { userId: caller.userId } : {}), ...fields },
        statuses: [cart.version === 0 ? 201 : 200],
        caller,
    });
    if (response === undefined) {
        return false;
    }
    items.forEach((item) => cart.add(item));
    const products = items.map((item) => item.productId);
    const wrong = cart.looksLikeAnswer(response.body, products) ? [] : cart.wrongAnswer(response.json(), products);
    return judge('POST items', [...wrong, ...wrongTag(response, cart.version)]);
}

function wrongView(cart, response, status) {
    const wrong = cart.looksLikeView(response.body, status) ? [] : cart.wrongView(response.json(), status);
    return [...wrong, ...wrongTag(response, cart.version)];
}

/** Reads the view; own: with what its writer knows, however far the projection is. */
export function readView(cart, { own = false, status = 'open', caller = SHOPPER } = {}) {
    const name = own ? 'GET view with minVersion' : 'GET view';
    const query = own ? `?minVersion=${cart.version}` : '';
    const url = `${API}/api/cart/view/${cart.id}${query}`;
    const response = send(name, 'GET', url, { statuses: [200], caller });
    return response !== undefined && judge(name, wrongView(cart, response, status));
}

/** Reads until the view has the cart's version: how many milliseconds that took, undefined when it never had. */
export function untilVisible(cart) {
    const name = 'GET view, watching';
    const url = `${API}/api/cart/view/${cart.id}`;
    const since = nowMs();
    while (nowMs() - since < VISIBLE_DEADLINE_MS) {
        const response = send(name, 'GET', url, { statuses: [200] });
        if (response === undefined) {
            return undefined;
        }
        if (versionOf(response) >= cart.version) {
            const waitedMs = nowMs() - since;
            return judge(name, wrongView(cart, response, 'open')) ? waitedMs : undefined;
        }
        sleep(0.002);
    }
    judge(name, [`version ${cart.version} of ${cart.id} is not visible after ${VISIBLE_DEADLINE_MS} ms`]);
    return undefined;
}
