// What a scenario was told (load/k6 passes it on as environment variables), and what follows from it:
// executors and thresholds that all scenarios share.

const MAX_VUS = 4000;

/** A number from the environment, or what stands when nothing was told. */
export function number(name, fallback) {
    const value = Number(__ENV[name] === undefined || __ENV[name] === '' ? fallback : __ENV[name]);
    if (!Number.isFinite(value) || value <= 0) {
        throw new Error(`${name}=${__ENV[name]} is not a number above 0`);
    }
    return value;
}

/** A duration such as 90s or 5m, in seconds. */
export function seconds(name, fallback) {
    const text = __ENV[name] || fallback;
    const parts = /^([1-9][0-9]*)(s|m|h)$/.exec(text);
    if (parts === null) {
        throw new Error(`${name}=${text} is not a duration such as 90s, 5m or 1h`);
    }
    return Number(parts[1]) * { s: 1, m: 60, h: 3600 }[parts[2]];
}

export const TIME_LIMITS = __ENV.TIME_LIMITS !== 'no';

// A stall must not slow the arrivals down: there are workers for a second of them.
function workers(perSecond) {
    return {
        preAllocatedVUs: Math.min(MAX_VUS, Math.ceil(5 + perSecond / 5)),
        maxVUs: Math.min(MAX_VUS, Math.ceil(20 + perSecond)),
    };
}

/** So many a second, whatever the answers do. */
export function constantRate(exec, perSecond, durationS, startS = 0) {
    return {
        executor: 'constant-arrival-rate',
        exec,
        rate: Math.max(1, Math.round(perSecond)),
        timeUnit: '1s',
        duration: `${durationS}s`,
        startTime: `${startS}s`,
        ...workers(perSecond),
    };
}

/** From startRate on; stages are [a second's arrivals, seconds to get there]. */
export function rampingRate(exec, startRate, stages, startS = 0) {
    return {
        executor: 'ramping-arrival-rate',
        exec,
        startRate: Math.max(1, Math.round(startRate)),
        timeUnit: '1s',
        stages: stages.map(([rate, overS]) => ({ target: Math.round(rate), duration: `${overS}s` })),
        startTime: `${startS}s`,
        ...workers(Math.max(...stages.map(([rate]) => rate))),
    };
}

/** No answer may be wrong and fewer than 0.1 % may be errors; times only where they are asked for. */
export function thresholds(times) {
    return {
        wrong_answers: ['count==0'],
        http_req_failed: [TIME_LIMITS ? 'rate<0.001' : 'rate==0'],
        ...(TIME_LIMITS ? times : {}),
    };
}
