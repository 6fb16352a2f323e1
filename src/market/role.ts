/** What a node can do. */
export const ROLES = ['collector', 'recorder', 'api'] as const;

/** See {@link ROLES}. */
export type Role = (typeof ROLES)[number];

/** The words of the setting: the roles, and `all` of them. */
export const ROLE_WORDS = [...ROLES, 'all'] as const;

/** The roles that the words of the setting mean. */
export function rolesOf(words: readonly (typeof ROLE_WORDS)[number][]): ReadonlySet<Role> {
  return new Set(ROLES.filter((role) => words.includes('all') || words.includes(role)));
}
