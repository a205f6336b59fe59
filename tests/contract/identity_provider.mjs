// The npm package oidc-provider as an identity provider of a company: its people, their groups, a form without styles.
// Called with one JSON argument: {"port", "client", "secret", "comesBackTo", "endsAt", "people": {login: claims}}.
import { Provider } from 'oidc-provider';

const given = JSON.parse(process.argv[2]);
const issuer = `http://127.0.0.1:${given.port}`;
const SCOPE = 'openid email profile groups';

async function granted(ctx) {
  const { client, session, provider } = ctx.oidc;
  const grant = new provider.Grant({ clientId: client.clientId, accountId: session.accountId });
  grant.addOIDCScope(SCOPE);
  await grant.save();
  return grant;
}

const provider = new Provider(issuer, {
  clients: [{
    client_id: given.client,
    client_secret: given.secret,
    redirect_uris: [given.comesBackTo],
    post_logout_redirect_uris: [given.endsAt],
  }],
  claims: { email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
  scopes: SCOPE.split(' '),
  cookies: { keys: ['not-secret'] },
  findAccount: (ctx, sub) => given.people[sub] && ({ accountId: sub, claims: () => ({ sub, ...given.people[sub] }) }),
  interactions: { url: (ctx, interaction) => `/sign-in/${interaction.uid}` },
  loadExistingGrant: granted,
  pkce: { required: () => true },
  ttl: { Session: 600, Grant: 600, Interaction: 600, AccessToken: 60, IdToken: 60 },
  features: {
    devInteractions: { enabled: false },
    rpInitiatedLogout: {
      logoutSource: (ctx, form) => {
        ctx.body = `<title>Provider</title>${form}<button form="op.logoutForm" name="logout" value="yes">End it</button>`;
      },
    },
  },
});

provider.use(async (ctx, next) => {
  if (!ctx.path.startsWith('/sign-in/')) return next();
  if (ctx.method === 'GET') {
    ctx.type = 'html';
    ctx.body = '<title>Provider</title><form method="post"><input name="login"><button>Go on</button></form>';
    return undefined;
  }
  let sent = '';
  for await (const piece of ctx.req) sent += piece;
  const login = { accountId: new URLSearchParams(sent).get('login') };
  ctx.respond = false;
  return provider.interactionFinished(ctx.req, ctx.res, { login }, { mergeWithLastSubmission: false });
});

provider.on('server_error', (ctx, error) => console.error(error));
provider.listen(given.port, '127.0.0.1', () => console.log(`listening on ${issuer}`));
