"use client";

import { useActionState } from "react";
import { Button } from "@/components/ui/button";
import { TextField } from "@/components/ui/field";
import { signIn } from "./actions";

export function SignInForm({ next }: { next: string }) {
  const [state, submit, isPending] = useActionState(signIn, { error: null });
  return (
    <form action={submit} className="space-y-4">
      <input type="hidden" name="next" value={next} />
      <TextField
        label="API key"
        name="key"
        type="password"
        autoComplete="current-password"
        required
        error={state.error ?? undefined}
      />
      <Button type="submit" variant="primary" isPending={isPending} className="w-full">
        Sign in
      </Button>
    </form>
  );
}
