import { Card, CardContent } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";

export default function Loading() {
  return (
    <div role="status">
      <span className="sr-only">Loading</span>
      <Skeleton className="mb-6 h-8 w-56" />
      <Card>
        <CardContent className="space-y-4">
          <Skeleton className="h-5 w-36" />
          <div className="grid gap-5 sm:grid-cols-[2fr_3fr]">
            <Skeleton className="h-10" />
            <Skeleton className="h-10" />
          </div>
          <Skeleton className="h-40" />
          <Skeleton className="h-10 w-36" />
        </CardContent>
      </Card>
    </div>
  );
}
