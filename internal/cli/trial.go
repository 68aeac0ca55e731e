package cli

import (
	"os"

	"github.com/spf13/cobra"

	"nstutor/diag/verify"
	"nstutor/internal/say"
)

// trial is the inside of a lab where a fix is tried: `explain --verify` starts it,
// and nobody else has a use for it.
func (a *app) trial() *cobra.Command {
	return &cobra.Command{
		Use:    verify.Argument,
		Hidden: true,
		Args:   noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if !a.inside {
				return say.Err("%s is for the use of `nstutor explain --verify`", "%s 只供 `nstutor explain --verify` 使用", verify.Argument)
			}
			return verify.Serve(cmd.Context(), os.Stdin, os.Stdout)
		},
	}
}
