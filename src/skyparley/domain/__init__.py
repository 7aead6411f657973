"""What the parties agreed on, as tables and pure decisions: messages, notices, conflicts, dialogues, lines."""
