// Waiting for conditions: never for a time.

/** Deadlines are multiplied by this: sanitizer builds are slower. */
export const slowness = Number(process.env.HOLDFAST_TEST_SLOW ?? 1);

export const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** A deadline of so many seconds, in milliseconds, for this build. */
export const within = (seconds) => seconds * 1000 * slowness;

/** Thrown by a probe when what is waited for cannot come any more. */
export class Hopeless extends Error {}

/**
 * Asks `probe` again and again until it returns something truthy, and returns that. `what` tells what is waited for; what the probe
 * threw or returned last is told too when it never comes.
 */
export async function until(what, probe, { seconds = 20, every = 50 } = {}) {
  const deadline = Date.now() + within(seconds);
  let last;
  for (;;) {
    try {
      last = await probe();
      if (last) return last;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      last = error;
    }
    if (Date.now() > deadline) {
      const seen = last instanceof Error ? last.message : JSON.stringify(last);
      throw new Error(`waited ${within(seconds) / 1000} s in vain: ${what} (last: ${seen})`, { cause: last });
    }
    await pause(every);
  }
}

/** The promise's value, or an error that says what did not come. */
export async function promised(what, promise, { seconds = 20 } = {}) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${within(seconds) / 1000} s in vain: ${what}`)), within(seconds));
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
