-- AlterTable
ALTER TABLE "log" ADD COLUMN "params" TEXT;
