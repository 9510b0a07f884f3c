import { expect, it } from 'vitest';
import { egressFailureClass } from './egress.ts';

it.each([
  ['ECONNREFUSED', 'connection_refused'],
  ['ECONNRESET', 'connection_reset'],
  ['EPIPE', 'connection_reset'],
  ['ETIMEDOUT', 'timeout'],
  ['no answer within 15000 ms', 'timeout'],
  ['ENOTFOUND', 'name_not_resolved'],
  ['EAI_AGAIN', 'name_not_resolved'],
  ['it has no address', 'name_not_resolved'],
  ['EHOSTUNREACH', 'host_unreachable'],
  ['CERT_HAS_EXPIRED', 'tls_failed'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'tls_failed'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'tls_failed'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'tls_failed'],
  ['HPE_INVALID_CONSTANT', 'not_http'],
  ['something new', 'egress_failed'],
  ['', 'egress_failed'],
  [undefined, 'egress_failed'],
])('a call that failed with %s failed because of %s', (reason, told) => {
  expect(egressFailureClass(reason)).toBe(told);
});
