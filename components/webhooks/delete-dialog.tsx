import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Notice } from "@/components/ui/notice";

/** Asks before a webhook goes, by its name. */
export function DeleteDialog(props: {
  isOpen: boolean;
  name: string;
  isPending: boolean;
  error: string | null;
  onDelete: () => void;
  onClose: () => void;
  fallbackFocus: () => HTMLElement | null;
}) {
  return (
    <Dialog
      isOpen={props.isOpen}
      onClose={props.onClose}
      fallbackFocus={props.fallbackFocus}
      title={`Delete “${props.name}”?`}
      description="Nothing is sent to it any more, and deliveries that still wait are cancelled. This cannot be undone."
    >
      {props.error && (
        <Notice tone="bad" className="mb-4">
          {props.error}
        </Notice>
      )}
      <div className="flex flex-wrap justify-end gap-2">
        <Button onClick={props.onClose}>Cancel</Button>
        <Button variant="danger" isPending={props.isPending} onClick={props.onDelete}>
          Delete webhook
        </Button>
      </div>
    </Dialog>
  );
}
