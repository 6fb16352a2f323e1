-- AlterTable
ALTER TABLE "market" ADD COLUMN "code" TEXT;
