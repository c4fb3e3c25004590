// Shoppers who add and many who look, at a rate that ramps up and then stays. RATE adds and READS views a second,
// RAMP, DURATION.

import { constantRate, number, rampingRate, seconds, thresholds } from './k6-lib/settings.js';
import { fillShelf } from './k6-lib/shoppers.js';

export { write as writer, watch as watcher, read as reader } from './k6-lib/shoppers.js';

const rate = number('RATE', 100);
const reads = number('READS', 4 * rate);
const rampS = seconds('RAMP', '20s');
const durationS = seconds('DURATION', '60s');
const WATCHED_PER_S = 10;

export const options = {
    scenarios: {
        writers: rampingRate('writer', 1, [[rate, rampS], [rate, durationS]]),
        readers: rampingRate('reader', 1, [[reads, rampS], [reads, durationS]]),
        watchers: constantRate('watcher', WATCHED_PER_S, rampS + durationS),
    },
    thresholds: thresholds({
        'http_req_duration{name:GET view}': ['p(95)<100'],
        view_visible: ['p(95)<50'],
        dropped_iterations: ['count==0'],
    }),
};

export function setup() {
    return fillShelf(Math.min(100, reads));
}
