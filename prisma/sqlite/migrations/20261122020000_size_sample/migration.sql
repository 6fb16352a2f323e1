-- CreateTable
CREATE TABLE "size_sample" (
    "at" BIGINT NOT NULL PRIMARY KEY,
    "bytes" BIGINT NOT NULL
);
