"""A whole invented service with known truth, calibrated to published national figures, written as feeds.

`service.simulate` invents the service, `writer.write_feed` writes it, `dirt.soil` makes the feed as dirty as real ones
are, `comparison.compare` puts measured figures beside the published ones. Nothing here is evidence about patients.
"""
