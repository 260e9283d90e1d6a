// Setup file of the tests in workerd: their dates start at noon on the 15th of the next month.
// No period of a quota ends during such a test, and no alarm of a Durable Object is due: alarms keep the system's time.

const shared = globalThis as typeof globalThis & { midMonthDate?: DateConstructor };

/** A `Date` like the system's, by a clock that starts at that noon. */
function createMidMonthDate(SystemDate: DateConstructor): DateConstructor {
  const startedAt = new SystemDate();
  const noon = SystemDate.UTC(startedAt.getUTCFullYear(), startedAt.getUTCMonth() + 1, 15, 12);
  const now = () => SystemDate.now() + noon - startedAt.getTime();
  return class extends SystemDate {
    static override now = now;
    /** All forms of the system's constructor: only the one without parameters reads the clock. */
    constructor(...parts: [] | [number]) {
      super(...(parts.length === 0 ? ([now()] as const) : parts));
    }
  } as DateConstructor;
}

// Vitest runs this file again for each test file of the process. All of them have the same clock.
globalThis.Date = shared.midMonthDate ??= createMidMonthDate(Date);
