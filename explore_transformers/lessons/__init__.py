"""What the reader builds, one module a lesson. Built: edit book/lessons instead."""
