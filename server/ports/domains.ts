import type { Domain } from '../domain/domain.ts';

export interface Domains {
  /** Of an app, by host name. */
  list(appId: string, signal: AbortSignal): Promise<readonly Domain[]>;
  find(appId: string, idOrHostname: string, signal: AbortSignal): Promise<Domain | undefined>;
  /**
   * Throws `domain_taken` when any app has this host, or when it and a host of another owner's app are a wildcard and
   * what is below it; `too_many_domains`; `not_found` when the app or the certificate has gone.
   */
  add(
    input: {
      readonly id: string;
      readonly app: { readonly id: string; readonly name: string };
      readonly hostname: string;
      readonly certificateId: string | null;
    },
    signal: AbortSignal,
  ): Promise<Domain>;
  /** Which certificate its visitors are shown; undefined when the domain or the certificate has gone. */
  attach(domain: Domain, certificateId: string | null, signal: AbortSignal): Promise<Domain | undefined>;
  /** False when it was not there. */
  remove(domain: Domain, signal: AbortSignal): Promise<boolean>;
}
