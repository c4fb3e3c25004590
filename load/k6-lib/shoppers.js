// What shoppers do, one iteration each. k6 runs each worker's iterations one after the other, so a worker is the
// only writer of its carts and knows exactly what they must be.

import { Trend } from 'k6/metrics';

import { newId } from './calls.js';
import { PRODUCTS, addItems, readView, untilVisible } from './cart_calls.js';
import { ExpectedCart } from './expected_cart.js';

const ADDS_PER_CART = 60;
const ADDS_PER_LOOK = 20;
const SHELVED = PRODUCTS.slice(0, 5);

const viewVisible = new Trend('view_visible', true);

let written; // this worker's cart
let watched; // the same, of the watcher
const known = new Map(); // carts of the shelf that this worker has read

function nextItem(cart) {
    return PRODUCTS[cart.version % PRODUCTS.length];
}

function freshWhenFull(cart, word) {
    return cart === undefined || cart.version >= ADDS_PER_CART ? new ExpectedCart(newId(word)) : cart;
}

/** One add; each twentieth time also a look at the whole cart. */
export function write() {
    written = freshWhenFull(written, 'w');
    if (!addItems(written, [nextItem(written)])) {
        written = undefined; // it may have been stored, or not: nobody knows what the cart is
    } else if (written.version % ADDS_PER_LOOK === 0) {
        readView(written, { own: true });
    }
}

/** One add, and how long the view takes to have it. */
export function watch() {
    watched = freshWhenFull(watched, 'v');
    if (!addItems(watched, [nextItem(watched)])) {
        watched = undefined;
        return;
    }
    // The first read of a new cart may fold it for lack of a view: that would be no projection's time.
    const waitedMs = untilVisible(watched);
    if (waitedMs !== undefined && watched.version > 1) {
        viewVisible.add(waitedMs);
    }
}

/** Before the test: ids of carts with some lines that nobody touches any more. */
export function fillShelf(count) {
    const ids = Array.from({ length: count }, () => newId('r'));
    for (const id of ids) {
        const cart = new ExpectedCart(id);
        if (!addItems(cart, SHELVED) || untilVisible(cart) === undefined) {
            throw new Error(`cart ${id} cannot be prepared`);
        }
    }
    return ids;
}

/** One read of a cart of the shelf. */
export function read(shelf) {
    const id = shelf[Math.floor(Math.random() * shelf.length)];
    if (!known.has(id)) {
        const cart = new ExpectedCart(id);
        SHELVED.forEach((item) => cart.add(item));
        known.set(id, cart);
    }
    readView(known.get(id));
}
