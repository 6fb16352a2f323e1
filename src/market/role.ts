/** The roles of a node. */
export const ROLES = ['collector', 'recorder', 'api'] as const;

/** See {@link ROLES}. */
export type Role = (typeof ROLES)[number];

/** Values of the setting: the roles, and `all`. */
export const ROLE_WORDS = [...ROLES, 'all'] as const;

/** The roles that the setting's values stand for. */
export function rolesOf(words: readonly (typeof ROLE_WORDS)[number][]): ReadonlySet<Role> {
  return new Set(ROLES.filter((role) => words.includes('all') || words.includes(role)));
}
