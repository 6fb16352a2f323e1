-- RedefineTables
PRAGMA defer_foreign_keys=ON;
PRAGMA foreign_keys=OFF;
CREATE TABLE "new_wanted_pattern" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "exchange" TEXT,
    "symbol" TEXT,
    "currency" TEXT,
    "wanted" BOOLEAN
);
INSERT INTO "new_wanted_pattern" ("currency", "exchange", "id", "symbol", "wanted") SELECT "currency", "exchange", "id", "symbol", "wanted" FROM "wanted_pattern";
DROP TABLE "wanted_pattern";
ALTER TABLE "new_wanted_pattern" RENAME TO "wanted_pattern";
PRAGMA foreign_keys=ON;
PRAGMA defer_foreign_keys=OFF;
