-- CreateTable
CREATE TABLE "wanted_pattern" (
    "id" INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    "exchange" TEXT,
    "symbol" TEXT,
    "currency" TEXT,
    "wanted" BOOLEAN NOT NULL
);
