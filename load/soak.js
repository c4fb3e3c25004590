// Hours of a steady shop: RATE adds and READS views a second for DURATION. The first and the last third are told
// apart, so that what slows down in time is seen, and every LOOK_S seconds the daemons say what they have left behind.

import http from 'k6/http';
import { check } from 'k6';
import exec from 'k6/execution';
import { Trend } from 'k6/metrics';

import { constantRate, number, seconds, thresholds } from './k6-lib/settings.js';
import { fillShelf, read, watch, write } from './k6-lib/shoppers.js';

const rate = number('RATE', 100);
const reads = number('READS', 4 * rate);
const durationS = seconds('DURATION', '30m');
const WATCHED_PER_S = 5;
const LOOK_S = 5;
const BEHIND_MAX = 1000; // events, while everything keeps up

const relayLag = new Trend('relay_lag');
const consumerLag = new Trend('consumer_lag');

export const options = {
    scenarios: {
        writers: constantRate('writer', rate, durationS),
        readers: constantRate('reader', reads, durationS),
        watchers: constantRate('watcher', WATCHED_PER_S, durationS),
        lookers: { ...constantRate('looker', 1, durationS), timeUnit: `${LOOK_S}s` },
    },
    thresholds: thresholds({
        'http_req_duration{name:GET view,third:first}': ['p(95)<100'],
        'http_req_duration{name:GET view,third:last}': ['p(95)<100'],
        'http_req_duration{name:POST items,third:first}': ['p(95)<250'],
        'http_req_duration{name:POST items,third:last}': ['p(95)<250'],
        'view_visible{third:first}': ['p(95)<50'],
        'view_visible{third:last}': ['p(95)<50'],
        relay_lag: [`p(95)<${BEHIND_MAX}`],
        consumer_lag: [`p(95)<${BEHIND_MAX}`],
        dropped_iterations: ['count==0'],
    }),
};

/** Of the time without the preparations; what is in the middle has no figure of its own. */
function tagThird() {
    const share = exec.scenario.progress;
    exec.vu.metrics.tags.third = share < 1 / 3 ? 'first' : share < 2 / 3 ? 'middle' : 'last';
}

/** The sum over partitions of a gauge in the text of /metrics; 0 where the daemon has none. */
function sumOf(text, name) {
    return text
        .split('\n')
        .filter((line) => line.startsWith(`${name}{`))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
}

export function setup() {
    return fillShelf(Math.min(100, reads));
}

export function writer() {
    tagThird();
    write();
}

export function watcher() {
    tagThird();
    watch();
}

export function reader(shelf) {
    tagThird();
    read(shelf);
}

export function looker() {
    const urls = ['CART_API_URL', 'DENORMALIZER_URL', 'FRAUD_URL', 'BILLING_URL', 'NOTIFIER_URL'];
    const answers = urls.map((name) => http.get(`${__ENV[name]}/metrics`, { tags: { name: 'GET metrics' } }));
    check(answers, { 'GET metrics: of every daemon': (all) => all.every(({ status }) => status === 200) });
    const sum = (name) => answers.reduce((total, { body }) => total + sumOf(body || '', name), 0);
    relayLag.add(sum('cartwright_relay_lag'));
    consumerLag.add(sum('cartwright_consumer_lag'));
}
