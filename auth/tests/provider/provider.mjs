// An OpenID provider on a port of 127.0.0.1, until its standard input ends. Whoever types
// `verified:ann@example.org` as their login is ann@example.org, found to be theirs; with
// `unverified:` not, and `nobody:x` has no address.
import { createServer } from 'node:http';
import Provider from 'oidc-provider';

// Standard output says where it is, and nothing else.
console.info = console.warn;

const [callback] = process.argv.slice(2);
const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, {
    clients: [{ client_id: 'trainer', client_secret: 'a secret of the tests & more', redirect_uris: [callback] }],
    // Nobody gets a code exchanged who has not sent along what it was asked for with.
    pkce: { required: () => true },
    claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
    findAccount: (_, sub) => ({
      accountId: sub,
      claims: () => {
        const [kind, email] = sub.split(/:(.*)/s);
        if (kind === 'nobody') return { sub };
        return { sub, email, email_verified: kind === 'verified', name: 'Ann of Elsewhere' };
      },
    }),
  });
  server.on('request', provider.callback());
  console.log(issuer);
});
process.stdin.resume().on('end', () => process.exit(0));
