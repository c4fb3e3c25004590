// A quiet shop, suddenly PEAK times the arrivals for DURATION, then a quiet shop again, which must be as before.
// What is refused with 503 and Retry-After while it lasts is no error. RATE adds and twice as many views a
// second before, PEAK, DURATION of the peak and of the calm after it; a quarter of that before.

import { tolerateRefusals } from './k6-lib/calls.js';
import { constantRate, number, rampingRate, seconds, thresholds } from './k6-lib/settings.js';
import { fillShelf } from './k6-lib/shoppers.js';

export { write as writer, watch as watcher, read as reader } from './k6-lib/shoppers.js';

const rate = number('RATE', 50);
const peak = rate * number('PEAK', 10);
const durationS = seconds('DURATION', '20s');
const RISE_S = 1;
const SETTLE_S = 3; // to answer what the spike has left behind
const READS_PER_WRITE = 2;
const WATCHED_PER_S = 10;

const spikeS = Math.ceil(durationS / 4);
const calmS = spikeS + durationS + 2 * RISE_S + SETTLE_S;

function spike(exec, times) {
    const stages = [[peak, RISE_S], [peak, durationS], [rate, RISE_S]];
    return rampingRate(exec, rate * times, stages.map(([target, overS]) => [target * times, overS]), spikeS);
}

tolerateRefusals();

export const options = {
    scenarios: {
        writes_before: constantRate('writer', rate, spikeS),
        reads_before: constantRate('reader', rate * READS_PER_WRITE, spikeS),
        writes_spike: spike('writer', 1),
        reads_spike: spike('reader', READS_PER_WRITE),
        writes_after: constantRate('writer', rate, durationS, calmS),
        reads_after: constantRate('reader', rate * READS_PER_WRITE, durationS, calmS),
        watchers_after: constantRate('watcher', WATCHED_PER_S, durationS, calmS),
    },
    thresholds: thresholds({
        'http_req_duration{scenario:reads_after}': ['p(95)<100'],
        'refusals{scenario:reads_after}': ['count==0'],
        'refusals{scenario:writes_after}': ['count==0'],
        'dropped_iterations{scenario:reads_after}': ['count==0'],
        'dropped_iterations{scenario:writes_after}': ['count==0'],
        view_visible: ['p(95)<50'],
        // Told, not judged.
        'http_req_duration{scenario:reads_spike}': ['p(95)>=0'],
        'http_req_duration{scenario:writes_spike}': ['p(95)>=0'],
    }),
};

export function setup() {
    return fillShelf(100);
}
