// An OpenID Connect provider on loopback, for the tests: oidc-provider, by another hand than ours.
//
// usage: node server.mjs FOLDER CONFIG
//
// FOLDER has node_modules; CONFIG is a JSON text with `clients`, as the provider takes them, and `accounts`:
// by their subject, the claims of each. It prints its issuer when it listens, and ends when its stdin does.
// Whoever comes with a `login_hint` is logged in as that subject, anybody else by a form.

import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';

const [folder, text] = process.argv.slice(2);
const module = resolve(folder, 'node_modules/oidc-provider/lib/index.js');
const { default: Provider } = await import(pathToFileURL(module));
const { clients, accounts } = JSON.parse(text);

function key(kid, alg, type, options) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: 'jwk' }), kid, alg, use: 'sig' };
}

const configuration = {
  clients,
  jwks: {
    keys: [
      key('of-rsa', 'RS256', 'rsa', { modulusLength: 2048 }),
      key('of-ec', 'ES256', 'ec', { namedCurve: 'P-256' }),
    ],
  },
  cookies: { keys: ['of a test'] },
  claims: { openid: ['sub'], profile: ['preferred_username', 'groups'] },
  // What a client asks for by its scopes is in the ID token, as most providers have it.
  conformIdTokenClaims: false,
  pkce: { methods: ['S256'], required: () => true },
  features: {
    devInteractions: { enabled: false },
    backchannelLogout: { enabled: true },
    // A program has tokens of its own, each for the one server that it names.
    clientCredentials: { enabled: true },
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_context, audience) => ({
        scope: 'certificates',
        audience,
        accessTokenTTL: 3600,
        accessTokenFormat: 'jwt',
        jwt: { sign: { alg: 'RS256' } },
      }),
    },
  },
  interactions: { url: (_context, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_context, subject) =>
    Object.hasOwn(accounts, subject)
      ? { accountId: subject, claims: () => ({ sub: subject, ...accounts[subject] }) }
      : undefined,
  // Nobody is asked whether the client may know who they are.
  async loadExistingGrant({ oidc }) {
    const grant = new oidc.provider.Grant({
      clientId: oidc.client.clientId,
      accountId: oidc.session.accountId,
    });
    grant.addOIDCScope('openid profile');
    await grant.save();
    return grant;
  },
};

async function body(request) {
  let text = '';
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
}

// The page of a login, and what is typed there.
async function interact(provider, request, response) {
  const { params } = await provider.interactionDetails(request, response);
  const subject = request.method === 'POST' ? (await body(request)).get('subject') : params.login_hint;
  if (subject === 'nobody') {
    const denied = { error: 'access_denied', error_description: 'nobody logs in' };
    await provider.interactionFinished(request, response, denied);
  } else if (Object.hasOwn(accounts, subject ?? '')) {
    const login = { accountId: subject, amr: ['pwd'] };
    await provider.interactionFinished(request, response, { login });
  } else {
    response.setHeader('Content-Type', 'text/html; charset=utf-8');
    response.end('<title>Log in</title><form method="post"><input name="subject"><button>Log in</button></form>');
  }
}

// Whoever started it reads one line, and hangs up.
const tell = console.log;
console.log = console.info = console.warn = () => {};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  const others = provider.callback();
  server.on('request', (request, response) => {
    if (!request.url.startsWith('/interaction/')) return others(request, response);
    interact(provider, request, response).catch((error) => {
      response.statusCode = 400;
      response.end(String(error));
    });
  });
  tell(issuer);
});
process.stdin.on('end', () => process.exit(0)).resume();
