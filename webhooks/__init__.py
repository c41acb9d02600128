"""The wire of HubSpot's callbacks (signature, notice, receiver): arrives with the service."""
