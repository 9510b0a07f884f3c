import ssh2 from 'ssh2';

/**
 * A fresh ed25519 pair in OpenSSH's form. ssh2 leaves a leading zero out of the private half, one time in 256, and cannot
 * read what it made then (1.17.0); such a pair is made again.
 */
export function sshPair(): { readonly private: string; readonly public: string } {
  for (;;) {
    const made = ssh2.utils.generateKeyPairSync('ed25519');
    if (!(ssh2.utils.parseKey(made.private) instanceof Error)) return made;
  }
}
