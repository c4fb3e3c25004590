// An OpenID Connect provider on loopback: whoever logs in is whom login_hint names. Its access tokens
// are JWTs for one resource; the algorithm that signs them is the resource's last path segment.
//
// usage: node provider.mjs MODULES PORT REDIRECT_URI
// Prints "ready" when it listens.
import {generateKeyPairSync} from 'node:crypto';
import {createRequire} from 'node:module';
import {pathToFileURL} from 'node:url';

const [modules, port, redirectUri] = process.argv.slice(2);
const main = createRequire(`${modules}/`).resolve('oidc-provider');
const {default: Provider} = await import(pathToFileURL(main).href);

function privateKey(kid, alg, type, options) {
  const {privateKey: key} = generateKeyPairSync(type, options);
  return {...key.export({format: 'jwk'}), kid, alg, use: 'sig'};
}

const roles = {sue: ['support'], adam: ['admin']};
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'shop',
    redirect_uris: [redirectUri],
    token_endpoint_auth_method: 'none',
    grant_types: ['authorization_code'],
    response_types: ['code'],
  }],
  jwks: {
    keys: [
      privateKey('rsa-1', 'RS256', 'rsa', {modulusLength: 2048}),
      privateKey('ec-1', 'ES256', 'ec', {namedCurve: 'P-256'}),
      privateKey('ed-1', 'EdDSA', 'ed25519', {}),
    ],
  },
  enabledJWA: {idTokenSigningAlgValues: ['RS256', 'ES256', 'EdDSA']},
  findAccount: (_, sub) => ({accountId: sub, claims: () => ({sub})}),
  extraTokenClaims: (_, token) => ({
    realm_access: {roles: roles[token.accountId] ?? []},
    email: `${token.accountId}@shop.example`,
    email_verified: true,
    locale: 'de-DE',
  }),
  features: {
    devInteractions: {enabled: false},
    resourceIndicators: {
      enabled: true,
      getResourceServerInfo: (_, resource) => ({
        scope: 'cart',
        audience: 'https://shop.example/cart',
        accessTokenFormat: 'jwt',
        jwt: {sign: {alg: resource.split('/').at(-1)}},
      }),
    },
  },
  interactions: {url: (_, interaction) => `/login/${interaction.uid}`},
  loadExistingGrant: async (ctx) => {
    const {client, session, params} = ctx.oidc;
    const grant = new ctx.oidc.provider.Grant({clientId: client.clientId, accountId: session.accountId});
    grant.addOIDCScope('openid');
    grant.addResourceScope(params.resource, 'cart');
    await grant.save();
    return grant;
  },
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/login/')) return next();
  const {params} = await provider.interactionDetails(ctx.req, ctx.res);
  await provider.interactionFinished(ctx.req, ctx.res, {login: {accountId: params.login_hint}});
  ctx.respond = false;
});

provider.listen(Number(port), '127.0.0.1', () => console.log('ready'));
