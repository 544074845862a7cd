"""Rules of accounts, codes and sessions."""
