import { Card, CardContent } from "@/components/ui/card";
import { Skeleton } from "@/components/ui/skeleton";

export default function Loading() {
  return (
    <div role="status" className="space-y-6">
      <span className="sr-only">Loading</span>
      <Skeleton className="h-6 w-32" />
      <Card>
        <CardContent className="space-y-3">
          <Skeleton className="h-7 w-56" />
          <Skeleton className="h-5 w-80 max-w-full" />
          <Skeleton className="h-6 w-64 max-w-full" />
        </CardContent>
      </Card>
      <Card>
        <CardContent className="space-y-3">
          <Skeleton className="h-5 w-28" />
          <Skeleton className="h-48" />
        </CardContent>
      </Card>
    </div>
  );
}
