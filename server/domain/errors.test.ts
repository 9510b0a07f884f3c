import { describe, expect, it } from 'vitest';
import { PlatformError } from './errors.ts';
import { APP_FAILURES } from './failures/apps.ts';
import { PEOPLE_FAILURES } from './failures/people.ts';
import { PLATFORM_FAILURES } from './failures/platform.ts';
import { REQUEST_FAILURES } from './failures/requests.ts';
import { SHIPPING_FAILURES } from './failures/shipping.ts';

describe('the table of failures', () => {
  it('has every row of every room, so that no id stands for two failures', () => {
    const rooms = [APP_FAILURES, PEOPLE_FAILURES, PLATFORM_FAILURES, REQUEST_FAILURES, SHIPPING_FAILURES];
    const ids = rooms.flatMap(Object.keys);

    expect([...PlatformError.ids].sort()).toEqual(ids.sort());
  });
});
