package labtest

import (
	"context"
	"fmt"
	"strings"

	"nstutor/internal/lab"
)

// Type runs a line as a person would type it in its namespace. The error has
// what it printed.
func Type(ctx context.Context, l *lab.Lab, netns, line string) error {
	cmd, err := l.Command(ctx, netns, "sh", "-c", line)
	if err != nil {
		return err
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %s: %w: %s", netns, line, err, strings.TrimSpace(string(out)))
	}
	return nil
}
