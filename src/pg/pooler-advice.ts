/**
 * What to change so that Lockstep gets sessions of its own: the provider's own setting, as far as the host's name tells
 * the provider. The verdict itself never rests on names or ports.
 */
export function waysPastPooler(host: string, port: number): readonly string[] {
  if (/\.supabase\.(com|co)$/.test(host))
    return [
      `Supabase: port 5432 instead of ${port} on the same host is its session pooler`,
      "or the direct host: db.PROJECT.supabase.co:5432 (IPv6, or with the IPv4 add-on)",
    ];
  if (host.endsWith(".neon.tech"))
    return [`Neon: the same host without -pooler: ${host.replace("-pooler.", ".")}`];
  if (host.endsWith(".rds.amazonaws.com"))
    return [
      "RDS Proxy: the writer endpoint of the cluster (NAME.cluster-….rds.amazonaws.com) or the instance's own instead of the proxy's",
    ];
  const always = [
    "give Lockstep a URL that leads straight to the server, usually port 5432; the application may keep the pooled one",
    "PgBouncer: a second entry in [databases] with pool_mode=session, for Lockstep alone",
  ];
  return port === 6543
    ? [
        `port 5432 instead of ${port} on the same host, where the provider has a session there`,
        ...always,
      ]
    : always;
}
