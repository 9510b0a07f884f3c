import ssh2, { type PublicKeyAuthContext } from 'ssh2';

/**
 * Whether this key is the wanted one, and the client has signed with it. A client first asks whether a key would do;
 * that proves nothing.
 */
export function isSignedBy(context: PublicKeyAuthContext, publicKey: string): 'no' | 'offer' | 'signed' {
  const key = ssh2.utils.parseKey(publicKey);
  if (key instanceof Error || Array.isArray(key) || !key.getPublicSSH().equals(context.key.data)) return 'no';
  if (context.signature === undefined || context.blob === undefined) return 'offer';
  const good: unknown = key.verify(context.blob, context.signature, context.hashAlgo); // an Error, too
  return good === true ? 'signed' : 'no';
}
