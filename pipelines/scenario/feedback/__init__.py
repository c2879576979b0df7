"""What people say of the sample company's members: surveys, ratings, decisions, tickets and notes."""
