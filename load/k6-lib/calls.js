// The shop's calls, each of which judges its answer: the status, then the body against what must be in it.

import http from 'k6/http';
import { check } from 'k6';
import exec from 'k6/execution';
import { Counter } from 'k6/metrics';

const RUN = __ENV.RUN;
const TIMEOUT = '20s';

// A good status with a wrong body. What has a bad status is in http_req_failed.
const wrongAnswers = new Counter('wrong_answers');
const refusals = new Counter('refusals');

/** Who asks: the bearer of a user's token where the set-up has keys, else who the body says. */
export const SHOPPER = __ENV.CARTWRIGHT_TOKEN ? { token: __ENV.CARTWRIGHT_TOKEN } : { userId: 'k6' };

let refusalsAreErrors = true;

/** From now on 503 with Retry-After is a good answer to too much: called while the script is loaded. */
export function tolerateRefusals() {
    refusalsAreErrors = false;
    http.setResponseCallback(http.expectedStatuses({ min: 200, max: 299 }, 503));
}

let ids = 0;

/** An id that nobody has used. */
export function newId(word) {
    ids += 1;
    return `k6-${RUN}-${word}-${exec.vu.idInTest}-${ids}`;
}

/** Milliseconds of the test's clock, which nobody sets. */
export function nowMs() {
    return exec.instance.currentTestRunDuration;
}

/** Tells what is wrong with an answer; true when nothing is. */
export function judge(name, wrong) {
    if (!check(wrong, { [`${name}: right answer`]: (list) => list.length === 0 })) {
        wrongAnswers.add(1, { call: name });
        console.error(`${name}: ${wrong.join('; ')}`);
    }
    return wrong.length === 0;
}

/**
 * One call: its answer if the status is one of the expected, else undefined. name: under which the figures are
 * kept, because every path is another. Statuses beyond 2xx that are no errors need a callback too.
 */
export function send(name, method, url, { body, statuses, caller = SHOPPER, headers = {}, callback } = {}) {
    const response = http.request(method, url, body === undefined ? null : JSON.stringify(body), {
        headers: {
            ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
            ...(caller.token ? { Authorization: `Bearer ${caller.token}` } : {}),
            ...headers,
        },
        tags: { name },
        timeout: TIMEOUT,
        ...(callback ? { responseCallback: callback } : {}),
    });
    if (!refusalsAreErrors && response.status === 503 && 'Retry-After' in response.headers) {
        refusals.add(1);
        return undefined;
    }
    const good = check(response, { [`${name}: ${statuses.join(' or ')}`]: (r) => statuses.includes(r.status) });
    if (!good) {
        console.error(`${name}: ${response.status} ${response.error || response.body}`);
    }
    return good ? response : undefined;
}

/** The same with the answer's document; both undefined after another status. */
export function call(name, method, url, options) {
    const response = send(name, method, url, options);
    return response === undefined ? {} : { response, document: response.json() };
}
