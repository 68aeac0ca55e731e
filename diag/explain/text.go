package explain

import "nstutor/internal/say"

// Text is a sentence in every language of the program.
type Text = say.Text
