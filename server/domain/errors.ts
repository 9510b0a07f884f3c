import { errorTable } from '../../lib/errors.ts';
import { APP_FAILURES } from './failures/apps.ts';
import { PEOPLE_FAILURES } from './failures/people.ts';
import { PLATFORM_FAILURES } from './failures/platform.ts';
import { REQUEST_FAILURES } from './failures/requests.ts';
import { SHIPPING_FAILURES } from './failures/shipping.ts';

/**
 * Every failure a user of the server can meet, gathered from its rooms. Ids are permanent and go on the wire; where the
 * Platform API has an id for it (`not_found`, `invalid_params`, …) it is that one. docs/errors.md is generated from this table.
 */
export const PlatformError = errorTable({
  ...PEOPLE_FAILURES,
  ...APP_FAILURES,
  ...SHIPPING_FAILURES,
  ...REQUEST_FAILURES,
  ...PLATFORM_FAILURES,
});
